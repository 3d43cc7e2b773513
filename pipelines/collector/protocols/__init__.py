"""What tracking clients send, translated into lines of the event contract. Pure: bytes in, lines out."""
