namespace PgListener.Bench;

/// <summary>The names of the consumers.</summary>
internal static class Kind
{
    /// <summary>The bare loop around <c>WaitAsync</c>, everything as Npgsql has it by default.</summary>
    public const string Npgsql = "npgsql";

    /// <summary>The same with <c>Command Timeout=0</c>.</summary>
    public const string NpgsqlTimeout0 = "npgsql-timeout0";

    /// <summary>The same, with the payload parsed.</summary>
    public const string NpgsqlJson = "npgsql-json";

    /// <summary>The bare loop, whose channels are listened to with one command each.</summary>
    public const string NpgsqlOneByOne = "npgsql-one-by-one";

    /// <summary>The background service one would write.</summary>
    public const string HandWritten = "handwritten";

    /// <summary>The same, with a channel between the connection and the handler.</summary>
    public const string HandWrittenChannel = "handwritten-channel";

    public const string HandWrittenTimeout0 = "handwritten-timeout0";

    public const string HandWrittenChannelTimeout0 = "handwritten-channel-timeout0";

    /// <summary>A <see cref="Listener"/> made from a connection string, with callbacks.</summary>
    public const string ListenerCallback = "listener-callback";

    /// <summary>A <see cref="Listener"/> made from a data source that is left as it is, with callbacks.</summary>
    public const string ListenerDataSource = "listener-datasource";

    /// <summary>A <see cref="Listener"/> that is enumerated.</summary>
    public const string ListenerForeach = "listener-foreach";

    /// <summary>A handler class added with <c>AddHandler</c>.</summary>
    public const string HandlerTransient = "handler-transient";

    /// <summary>A handler class that the user registered as scoped, run with <c>AddChannel</c>.</summary>
    public const string HandlerScoped = "handler-scoped";

    /// <summary><see cref="IPgListener.ReadAllAsync"/>.</summary>
    public const string Stream = "stream";

    /// <summary>A <see cref="Listener"/> that is started, and to which channels are then added one after the other.</summary>
    public const string ListenerAdded = "listener-added";

    /// <summary>The same, with all channels added at once.</summary>
    public const string ListenerAddedAtOnce = "listener-added-at-once";

    /// <summary>A web server with an event stream for each browser, over <see cref="IPgListener.ReadItemsAsync"/>.</summary>
    public const string EventStreams = "event-streams";

    /// <summary>The same over a loop and channels that one would write.</summary>
    public const string HandWrittenEventStreams = "handwritten-event-streams";

    /// <summary>A loop and an unbounded <c>Channel&lt;T&gt;</c> for each reader, which parses.</summary>
    public const string HandWrittenReaders = "handwritten-readers";

    /// <summary>Node.js with <c>pg</c>; the payload is parsed.</summary>
    public const string NodePg = "node-pg";

    /// <summary>Node.js with <c>pg-listen</c>, which parses the payload.</summary>
    public const string NodePgListen = "node-pg-listen";

    /// <summary>Rust with tokio-postgres and serde_json, on one thread; the payload is parsed.</summary>
    public const string TokioPostgres = "tokio-postgres";
}
