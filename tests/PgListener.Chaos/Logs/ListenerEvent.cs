namespace PgListener.Chaos.Logs;

/// <summary>One moment of a listener. Only some kinds have a state, and only <see cref="ListenerEventKind.Told"/> has a previous one.</summary>
public readonly record struct ListenerEvent(DateTimeOffset At, ListenerEventKind Kind, ListenerState State, ListenerState Previous, string Text)
{
    /// <summary>How far the listener's clock is ahead of the true one from now on; only of <see cref="ListenerEventKind.ClockSet"/>.</summary>
    public TimeSpan Offset { get; init; }
}
