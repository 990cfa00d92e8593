using Microsoft.Extensions.Time.Testing;

namespace PgListener.AspNetCore.Tests;

/// <summary>Time that a test moves, and that knows how many timers there are.</summary>
internal sealed class CountingTime(DateTimeOffset start) : FakeTimeProvider(start)
{
    private int _timers;

    public int Timers => Volatile.Read(ref _timers);

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
