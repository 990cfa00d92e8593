-- What a role needs to publish on durable channels, with the library and with pglistener.publish. Replace the name of the role, or create a group of that name.

GRANT USAGE ON SCHEMA pglistener TO pglistener_publisher;
-- Not tx, id and at, which their defaults set.
GRANT INSERT (channel, key, bucket, payload, headers) ON pglistener.message TO pglistener_publisher;
GRANT USAGE ON SEQUENCE pglistener.message_id TO pglistener_publisher;
-- For pglistener.publish, which returns the id.
GRANT SELECT (id) ON pglistener.message TO pglistener_publisher;
GRANT EXECUTE ON FUNCTION pglistener.publish(text, text, text, jsonb, boolean) TO pglistener_publisher;
