using Microsoft.Extensions.Time.Testing;

namespace PgListener.AspNetCore.Tests;

/// <summary>Time that a test moves, and that knows how many timers there are.</summary>
internal sealed class CountingTime(DateTimeOffset start) : FakeTimeProvider(start)
{
    private int _timers;
    private long _setBack;

    public int Timers => Volatile.Read(ref _timers);

    /// <summary>Sets the clock back, as an administrator or NTP does. Timers and elapsed time do not notice.</summary>
    public void SetBack(TimeSpan time) => Interlocked.Add(ref _setBack, time.Ticks);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() - TimeSpan.FromTicks(Interlocked.Read(ref _setBack));

    public override long GetTimestamp() => base.GetUtcNow().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Interlocked.Increment(ref _timers);
        return new Counted(base.CreateTimer(callback, state, dueTime, period), () => Interlocked.Decrement(ref _timers));
    }

    private sealed class Counted(ITimer timer, Action disposed) : ITimer
    {
        private Action? _disposed = disposed;

        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(dueTime, period);

        public void Dispose()
        {
            Interlocked.Exchange(ref _disposed, null)?.Invoke();
            timer.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
