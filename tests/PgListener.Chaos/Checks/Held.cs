using PgListener.Chaos.Faults;
using PgListener.Chaos.Logs;

namespace PgListener.Chaos.Checks;

/// <summary>The times in which a listener could not, or did not have to, pass on what came: they do not count toward its limits.</summary>
internal sealed class Held
{
    private readonly List<Busy> _times = [];

    public Held(IEnumerable<Busy> times)
    {
        foreach (var time in times.OrderBy(time => time.Begun))
        {
            if (_times.Count > 0 && time.Begun <= _times[^1].Ended)
                _times[^1] = new(_times[^1].Begun, time.Ended > _times[^1].Ended ? time.Ended : _times[^1].Ended);
            else
                _times.Add(time);
        }
    }

    /// <summary>By a network that passes everything on late, and so a lot of it very late.</summary>
    public static IEnumerable<Busy> ByNetwork(SubjectLog listener, RunLog log)
        => log.Faults.Where(fault => fault.Kind == nameof(FaultKind.Delay) && fault.Touches(listener.Name, log.Listeners)).Select(fault => new Busy(fault.Begun, fault.Ended));

    /// <summary>By subscriptions that hold up the reading.</summary>
    public static IEnumerable<Busy> ByNeighbours(SubjectLog listener, RunLog log)
        => log.Subscriptions.Where(subscription => subscription.Listener == listener && subscription.Patience is not null).SelectMany(subscription => subscription.Busy);

    /// <summary>When a time has passed that was not held up.</summary>
    public DateTimeOffset After(DateTimeOffset begun, TimeSpan time)
    {
        for (var i = Search.First(_times, held => held.Ended > begun); i < _times.Count; i++)
        {
            var held = _times[i];
            if (held.Begun > begun)
            {
                if (held.Begun - begun >= time)
                    break;
                time -= held.Begun - begun;
            }

            begun = held.Ended;
        }

        return begun + time;
    }
}
