"""Teaching models from pictures. Heavy, with torch, and never on a device."""
