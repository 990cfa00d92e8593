using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace PgListener.Harness.Tests;

/// <summary>A clock that is moved by hand, and says when somebody has begun to wait for it.</summary>
internal sealed class SignallingTime : FakeTimeProvider
{
    private readonly Channel<TimeSpan> _waits = Channel.CreateUnbounded<TimeSpan>();

    /// <summary>Completes when somebody waits for so long.</summary>
    public async Task WhenWaitedForAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(10));
        while (await _waits.Reader.ReadAsync(limit.Token) != wait)
        {
            // Others wait for other things.
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        _waits.Writer.TryWrite(dueTime);
        return timer;
    }
}
