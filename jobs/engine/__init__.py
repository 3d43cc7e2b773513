"""What runs the jobs: discovery, dirty days, audit, publishing."""
