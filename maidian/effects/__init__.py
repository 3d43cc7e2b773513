"""What a campaign brought: companies that were reached against those that were held out."""
