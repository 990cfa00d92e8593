using Microsoft.Extensions.Time.Testing;

namespace PgListener.Durable.Tests.Publishing;

/// <summary>A clock that stands still, and tells when something waits for it.</summary>
internal sealed class SignallingTime : FakeTimeProvider
{
    private readonly Dictionary<TimeSpan, TaskCompletionSource> _waiting = [];
    private readonly Lock _sync = new();

    /// <summary>Completes when something waits, or has waited, for that long.</summary>
    public Task WaitingAsync(TimeSpan time) => Of(time).Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        Of(dueTime).TrySetResult();
        return timer;
    }

    private TaskCompletionSource Of(TimeSpan time)
    {
        lock (_sync)
        {
            if (!_waiting.TryGetValue(time, out var source))
                _waiting.Add(time, source = new(TaskCreationOptions.RunContinuationsAsynchronously));
            return source;
        }
    }
}
