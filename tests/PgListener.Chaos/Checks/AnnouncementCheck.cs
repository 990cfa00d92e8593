using PgListener.Chaos.Logs;

namespace PgListener.Chaos.Checks;

/// <summary>Of one subscription: each new session is announced once, in its place, with its reason; and nothing is announced without a cause.</summary>
internal sealed class AnnouncementCheck(List<Sent> sent, SubscriptionLog subscription, CheckResult result)
{
    private readonly IReadOnlyList<Given> _given = TrueTime.Of(subscription);
    private readonly List<Session> _sessions = Session.Of(subscription.Listener);

    public void Run()
    {
        if (_given.Count == 0)
            return;

        if (_given[0].Resync is not { } first || (first.Reason != ResyncReason.Started && first.Since is not null))
        {
            Complain(Rule.BeginsWithStarted, 0, "the first thing it was given is not that it has started");
            return;
        }

        var causes = new Dictionary<int, List<Session>>();
        foreach (var session in _sessions.Where(session => first.Until <= session.After))
        {
            if (Find(session) is { } position)
                (causes.TryGetValue(position, out var list) ? list : causes[position] = []).Add(session);
        }

        for (var position = 0; position < _given.Count; position++)
        {
            if (subscription.Given[position].Resync is { } told && told.Since > told.Until)
                Complain(Rule.WindowInOrder, position, $"it was told of a gap that begins {(told.Since - told.Until).Value.TotalMinutes:0.0} min after its end");
        }

        for (var position = 1; position < _given.Count; position++)
        {
            if (_given[position].Resync is { } resync && !IsSameAgain(position))
                CheckCause(position, resync, causes.GetValueOrDefault(position) ?? []);
        }
    }

    /// <summary>
    /// The announcement of a session has a window that ends between the end of the session before and the moment when the session
    /// was said to listen; or later, if it has grown since. An earlier gap in which something was dropped grows until it is come
    /// to, and so may end there too: then the last one is meant, and an overflow only if there is nothing else.
    /// </summary>
    private int? Find(Session session)
    {
        int? found = null;
        for (var position = 0; position < _given.Count; position++)
        {
            var given = _given[position];
            if (given.Resync is { } resync && resync.Until > session.After && !IsSameAgain(position))
            {
                if (resync.Until >= session.At)
                    return found is { } earlier && !IsOverflow(earlier) ? earlier : position;
                if (found is not { } other || IsOverflow(other) || !IsOverflow(position))
                    found = position;
            }

            if (given.Resync is null && given.Number <= sent.Count && sent[given.Number - 1].Begun > session.At + Settings.ClockTolerance)
            {
                if (found is null)
                    Complain(Rule.SessionAnnounced, position, $"number {given.Number} was committed after the session of {session.At:HH:mm:ss.fff} had begun to listen, and given before that was announced");
                return found;
            }
        }

        // One that was ended may not have come to it.
        if (found is null && subscription.EndBegun is null)
            Complain(Rule.SessionAnnounced, _given.Count - 1, $"the session of {session.At:HH:mm:ss.fff} was not announced");
        return found;
    }

    /// <summary>The call for a gap has failed, and was made again with the same gap: that is no further announcement.</summary>
    private bool IsSameAgain(int position) => position > 0 && _given[position].Resync is { } resync && _given[position - 1].Resync == resync;

    private bool IsOverflow(int position) => _given[position].Resync?.Reason == ResyncReason.Overflow;

    private void CheckCause(int position, Resync resync, List<Session> causes)
    {
        switch (resync.Reason)
        {
            case ResyncReason.Overflow:
                return; // What was dropped is counted elsewhere.
            case ResyncReason.Started when !causes.Exists(session => session.IsFirstOfRun) && !IsInFailedAttempt(resync.Until):
                Complain(Rule.AnnouncedOnce, position, "it was told that it has started, but the listener was not started anew");
                return;
            case ResyncReason.Reconnected when causes.Count == 0 && !IsInFailedAttempt(resync.Until) && !(resync.Dropped > 0 && HasFailedAttempt(resync)):
                Complain(Rule.AnnouncedOnce, position, $"it was told of a reconnect at {resync.Until:HH:mm:ss.fff}, but there was none, or it had been told");
                return;
        }
    }

    /// <summary>A gap in which something was dropped grows until it is come to, and so may end later than the session that was lost before it was said to listen.</summary>
    private bool HasFailedAttempt(Resync resync)
        => subscription.Listener.Events.Any(entry => entry.Kind == ListenerEventKind.Lost && entry.At > resync.Since && entry.At <= resync.Until && IsInFailedAttempt(entry.At));

    /// <summary>A session can begin to hear and be lost before it is said to listen.</summary>
    private bool IsInFailedAttempt(DateTimeOffset at)
    {
        var isConnected = false;
        foreach (var entry in subscription.Listener.Events)
        {
            if (entry.Kind is not (ListenerEventKind.Listening or ListenerEventKind.Lost or ListenerEventKind.StopBegun or ListenerEventKind.StartBegun or ListenerEventKind.StartFailed))
                continue;
            if (entry.At >= at)
                return !isConnected && entry.Kind is ListenerEventKind.Lost or ListenerEventKind.StopBegun or ListenerEventKind.StartFailed;
            isConnected = entry.Kind == ListenerEventKind.Listening;
        }

        return false;
    }

    private void Complain(Rule rule, int position, string text) => result.Add(rule, subscription.Name, _given[position].At, text, position);
}
