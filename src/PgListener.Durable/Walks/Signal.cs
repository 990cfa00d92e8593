using System.Threading.Channels;

namespace PgListener.Durable.Walks;

/// <summary>Wakes one waiter. Signals that come while nobody waits are one.</summary>
internal sealed class Signal
{
    private readonly Channel<bool> _signals = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Set() => _signals.Writer.TryWrite(true);

    /// <summary>Forgets a signal that nobody has waited for.</summary>
    public void Clear() => _signals.Reader.TryRead(out _);

    public async Task WaitAsync(CancellationToken cancellationToken) => await _signals.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Waits for a signal or for a time.</summary>
    public async Task WaitAsync(TimeSpan? limit, TimeProvider time, CancellationToken cancellationToken)
    {
        if (limit is not { } after)
        {
            await WaitAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        using var timer = new CancellationTokenSource(after, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            await WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (timer.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // The time is over.
        }
    }
}
