using System.Diagnostics.CodeAnalysis;

namespace PgListener.Subscriptions;

/// <summary>The time limit of one call. It keeps its value, because the setting may change in the meantime.</summary>
[SuppressMessage("Design", "CA1001", Justification = "It is disposable; the rule does not see that of a struct.")]
internal readonly struct CallLimit : IDisposable
{
    private readonly CancellationTokenSource? _limit;
    private readonly CancellationTokenSource? _linked;

    public CallLimit(TimeSpan? after, TimeProvider time, CancellationToken abort)
    {
        Token = abort;
        if (after is not { } limit)
            return;

        After = limit;
        _limit = new(limit, time);
        _linked = CancellationTokenSource.CreateLinkedTokenSource(_limit.Token, abort);
        Token = _linked.Token;
    }

    /// <summary>How long the call may take.</summary>
    public TimeSpan After { get; }

    /// <summary>The cancellation token of the call.</summary>
    public CancellationToken Token { get; }

    public bool IsOver => _limit is { IsCancellationRequested: true };

    public void Dispose()
    {
        _linked?.Dispose();
        _limit?.Dispose();
    }
}
