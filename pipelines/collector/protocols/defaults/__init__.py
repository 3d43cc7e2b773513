"""The mappings that come with maidian: what widely used event names and properties mean."""
