namespace PgListener;

/// <summary>A listener's settings as they are now. Each is read when it is needed; a change replaces all of them at once.</summary>
internal sealed class OptionsInForce(ListenerOptions options)
{
    private volatile ListenerOptions _current = options;

    public OptionsInForce()
        : this(new())
    {
    }

    /// <summary>Not to be changed: it is replaced.</summary>
    public ListenerOptions Current => _current;

    /// <summary>Puts others in force, but for those that the connection is made with.</summary>
    /// <exception cref="ArgumentException">A setting is wrong, by itself or together with one that stays as it is.</exception>
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
