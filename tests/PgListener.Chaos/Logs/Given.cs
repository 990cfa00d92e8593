namespace PgListener.Chaos.Logs;

/// <summary>One thing a subscription was given: a notification, or an announcement.</summary>
/// <param name="At">When its callback began.</param>
/// <param name="Number">The notification's number; 0 for an announcement.</param>
/// <param name="Length">The length of the payload.</param>
/// <param name="Resync">The announcement.</param>
public readonly record struct Given(DateTimeOffset At, int Number, int Length, Resync? Resync)
{
    /// <summary>Whether it was announced before, to a callback that failed: by then it may speak for later gaps too, which stand behind it.</summary>
    public bool IsRepeated { get; init; }

    public Given(DateTimeOffset at, int number, int length)
        : this(at, number, length, Resync: null)
    {
    }

    public Given(DateTimeOffset at, Resync resync)
        : this(at, Number: 0, Length: 0, resync)
    {
    }
}
