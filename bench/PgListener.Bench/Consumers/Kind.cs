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
}
