using PgListener.Chaos.Logs;

namespace PgListener.Chaos.Checks;

/// <summary>Finds when a subscription was given a notification, a later one, or a gap.</summary>
internal sealed class Arrivals
{
    private readonly List<(int Number, DateTimeOffset At)> _numbers = [];
    private readonly List<DateTimeOffset> _gaps = [];

    public Arrivals(IReadOnlyList<Given> given)
    {
        foreach (var one in given)
        {
            if (one.Resync is not null)
                _gaps.Add(one.At);
            else if (_numbers.Count == 0 || one.Number > _numbers[^1].Number)
                _numbers.Add((one.Number, one.At));
        }
    }

    /// <summary>The first moment at which it was given that, or something that comes after it, or a gap after it was sent.</summary>
    public DateTimeOffset? Of(Sent sent)
    {
        var number = Search.First(_numbers, one => one.Number >= sent.Number);
        var gap = Search.First(_gaps, at => at >= sent.Begun);
        DateTimeOffset? arrived = number < _numbers.Count ? _numbers[number].At : null;
        return gap < _gaps.Count && !(arrived < _gaps[gap]) ? _gaps[gap] : arrived;
    }
}
