"""The only room that speaks MQTT."""
