using PgListener.Chaos.Logs;

namespace PgListener.Chaos.Subjects;

/// <summary>A clock that is wrong by as much as it is told. Like that of a machine, it measures durations and sets timers right even so.</summary>
internal sealed class SettableClock(SubjectLog log) : TimeProvider
{
    private long _offset;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UtcNow + new TimeSpan(Interlocked.Read(ref _offset));

    /// <summary>Sets it.</summary>
    /// <param name="offset">How far it is ahead of the true time from now on.</param>
    public void Set(TimeSpan offset)
    {
        var at = DateTimeOffset.UtcNow;
        Interlocked.Exchange(ref _offset, offset.Ticks);
        log.Add(new ListenerEvent(at, ListenerEventKind.ClockSet, default, default, $"{offset.TotalMinutes:0} min ahead") { Offset = offset });
    }
}
