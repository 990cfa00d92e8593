namespace PgListener;

/// <summary>The data of <see cref="Listener.StateChanged"/>: a listener's previous state and its new status.</summary>
/// <param name="previous">The state before.</param>
/// <param name="status">The new state, with what else is known.</param>
public sealed class ListenerStateChangedEventArgs(ListenerState previous, ListenerStatus status) : EventArgs
{
    /// <summary>The state before.</summary>
    public ListenerState Previous => previous;

    /// <summary>The new state, with what else is known.</summary>
    public ListenerStatus Status => status;
}
