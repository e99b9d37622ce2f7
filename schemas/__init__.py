"""The wire contract: schemas with fixed ids, the codec, the envelope, the compatibility gate."""
