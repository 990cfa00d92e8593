using System.Diagnostics.CodeAnalysis;

namespace PgListener.HybridCaching;

/// <summary>The cancellation that the callers of one reading share: it is cancelled when each of them has given up.</summary>
[SuppressMessage("Design", "CA1001", Justification = "It has no timer, and is not linked, so there is nothing to dispose of.")]
internal sealed class SharedCancellation
{
    private readonly CancellationTokenSource _source = new();

    /// <summary>How many callers wait. Under the lock of <see cref="SharedCancellations"/>.</summary>
    public int Callers { get; set; }

    public CancellationToken Token => _source.Token;

    /// <summary>Runs the registered callbacks elsewhere, because they are the application's.</summary>
    public void Cancel() => _ = _source.CancelAsync();
}
