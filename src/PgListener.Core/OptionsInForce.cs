namespace PgListener;

/// <summary>A listener's settings as they are now. Each is read when it is needed; a change replaces all of them at once.</summary>
internal sealed class OptionsInForce(ListenerOptions options)
{
    private volatile ListenerOptions _current = options;

    public OptionsInForce()
        : this(new())
    {
    }

    /// <summary>Replaced as a whole, never modified.</summary>
    public ListenerOptions Current => _current;

    /// <summary>Puts other settings in force, except those that the connection is made with.</summary>
    /// <exception cref="ArgumentException">A setting is out of range, by itself or together with one that does not change.</exception>
    public void Replace(ListenerOptions options, string parameter)
    {
        var next = options.Snapshot();
        next.KeepAlive = _current.KeepAlive;
        next.ConnectTimeout = _current.ConnectTimeout;
        next.ChannelPrefix = _current.ChannelPrefix;
        next.Name = _current.Name;
        next.LoggerFactory = _current.LoggerFactory;
        next.TimeProvider = _current.TimeProvider;
        next.MeterFactory = _current.MeterFactory;
        Setting.ThrowIfInvalid(next, parameter);
        _current = next;
    }
}
