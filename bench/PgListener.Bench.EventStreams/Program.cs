using PgListener.Bench;

// A consumer's process, as those of PgListener.Bench, with a web server in it.
return args is [ConsumerProgram.Verb, var kind]
    ? ConsumerProgram.Run(kind, (name, settings) => new EventStreamConsumer(settings, isHandWritten: name == Kind.HandWrittenEventStreams))
    : 2;
