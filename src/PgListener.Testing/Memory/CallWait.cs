namespace PgListener.Testing.Memory;

/// <summary>Somebody who waits until each of some subjects has ended a number of calls. Which calls these are does not depend on when it is looked.</summary>
/// <param name="subjects">The subjects; at least one.</param>
/// <param name="count">How many calls of each.</param>
/// <param name="allowFailures">Whether those that fail are as good as others. If not, the first of them ends the wait.</param>
internal sealed class CallWait(IReadOnlyList<CallSubject> subjects, int count, bool allowFailures)
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Ended => _ended.Task;

    public IReadOnlyList<CallSubject> Subjects => subjects;

    public int Count => count;

    /// <summary>Ends it, if it is time to.</summary>
    public bool TryEnd(Func<CallSubject, Tally> tallyOf)
    {
        if (!allowFailures && subjects.Select(subject => tallyOf(subject).FailureAmong(count)).FirstOrDefault(failure => failure is not null) is { } failure)
            return _ended.TrySetException(failure);

        return subjects.All(subject => tallyOf(subject).Count >= count) && _ended.TrySetResult();
    }
}
