namespace PgListener.Testing.Memory;

/// <summary>A wait until a number of calls of each subject have ended. Which calls these are does not depend on when the wait begins.</summary>
/// <param name="subjects">The subjects; at least one.</param>
/// <param name="count">How many calls of each subject.</param>
/// <param name="allowFailures">Whether failed calls count as any other. If not, the first of them ends the wait.</param>
internal sealed class CallWait(IReadOnlyList<CallSubject> subjects, int count, bool allowFailures)
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Ended => _ended.Task;

    public IReadOnlyList<CallSubject> Subjects => subjects;

    public int Count => count;

    /// <summary>Ends the wait, if the calls have ended.</summary>
    public bool TryEnd(Func<CallSubject, Tally> tallyOf)
    {
        if (!allowFailures && subjects.Select(subject => tallyOf(subject).FailureAmong(count)).FirstOrDefault(failure => failure is not null) is { } failure)
            return _ended.TrySetException(failure);

        return subjects.All(subject => tallyOf(subject).Count >= count) && _ended.TrySetResult();
    }
}
