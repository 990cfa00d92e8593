namespace PgListener;

/// <summary>A listener has gone from one state to another.</summary>
/// <param name="previous">The state before.</param>
/// <param name="status">The state now, and what else is known.</param>
public sealed class ListenerStateChangedEventArgs(ListenerState previous, ListenerStatus status) : EventArgs
{
    /// <summary>The state before.</summary>
    public ListenerState Previous => previous;

    /// <summary>The state now, and what else is known.</summary>
    public ListenerStatus Status => status;
}
