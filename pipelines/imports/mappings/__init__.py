"""The mappings that come with maidian, one TOML file a data set."""
