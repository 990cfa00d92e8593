using Microsoft.Extensions.Primitives;

namespace PgListener.ChangeTokens;

/// <summary>A token that somebody has. When it is collected, what it has waited for is forgotten.</summary>
internal sealed class RowToken(PendingChanges pending, RowChange change) : IChangeToken
{
#pragma warning disable MA0055 // A token is not disposed of, so nothing but its collection tells that nobody has it any more.
    ~RowToken() => pending.Release(change);
#pragma warning restore MA0055

    public bool HasChanged => change.HasHappened;

    public bool ActiveChangeCallbacks => true;

    /// <summary>As long as the callback is registered, the token is reachable through it, so that it is not collected.</summary>
    public IDisposable RegisterChangeCallback(Action<object?> callback, object? state)
    {
        ArgumentNullException.ThrowIfNull(callback);
        return change.Register(static call => ((Callback)call!).Invoke(), new Callback(this, callback, state));
    }

    private sealed record Callback(RowToken Token, Action<object?> Function, object? State)
    {
        public void Invoke() => Function(State);
    }
}
