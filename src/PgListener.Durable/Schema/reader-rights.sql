-- What a role needs to handle the messages of durable channels, and to keep the log, without the right to change the schema. A process that publishes too needs
-- publisher-rights.sql as well. Replace the name of the role, or create a group of that name.
-- The log is then emptied by deleting rows. To drop whole partitions, which costs next to nothing, the role must own the table pglistener.message.

GRANT USAGE ON SCHEMA pglistener TO pglistener_reader;
GRANT SELECT, DELETE ON pglistener.message TO pglistener_reader;
GRANT SELECT, INSERT ON pglistener.cluster TO pglistener_reader;
GRANT SELECT, INSERT, UPDATE ON pglistener.removal TO pglistener_reader;
GRANT SELECT, INSERT ON pglistener.server_run TO pglistener_reader;
-- A position is never updated, but PostgreSQL asks for this right where a row is locked.
GRANT SELECT, INSERT, UPDATE, DELETE ON pglistener.position TO pglistener_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON pglistener.subscription TO pglistener_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON pglistener.retry TO pglistener_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON pglistener.loss TO pglistener_reader;
