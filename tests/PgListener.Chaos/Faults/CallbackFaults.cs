using PgListener.Chaos.Subjects;

namespace PgListener.Chaos.Faults;

/// <summary>What callbacks, handlers and observers do.</summary>
internal sealed class CallbackFaults(Cast cast)
{
    public async Task<string?> PerformAsync(FaultKind kind, Random random)
    {
        var recorder = random.Of(cast.Recorders);
        switch (kind)
        {
            case FaultKind.SlowHandler:
                return await InMoodAsync(recorder, new Mood(Delay: random.Milliseconds(5, 60)), random);
            case FaultKind.ThrowingHandler:
                return await InMoodAsync(recorder, new Mood(Throws: true), random);
            case FaultKind.ThrowingResync:
                recorder.SetMood(new Mood(ResyncThrows: true));
                recorder.Subject.Proxy.ResetAll();
                return await InMoodAsync(recorder, new Mood(ResyncThrows: true), random);
            case FaultKind.HangingHandler:
                var time = random.Milliseconds(300, 4_000);
                var isPatient = random.Chance(0.5);
                _ = recorder.Send(cancellationToken => Task.Delay(time, isPatient ? cancellationToken : CancellationToken.None));
                return $"{recorder.Log.Name}, {time.TotalSeconds:0.0} s, {(isPatient ? "until cancelled" : "regardless of its token")}";
            case FaultKind.QueryInCallback:
                _ = recorder.SendQuery(random.Next());
                return recorder.Log.Name;
            case FaultKind.ThrowingObserver:
                return await WithObserverAsync(recorder.Subject, random);
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, message: null);
        }
    }

    /// <summary>All behave.</summary>
    public void Heal()
    {
        foreach (var recorder in cast.Recorders)
            recorder.SetMood(Mood.Good);
    }

    private static async Task<string> InMoodAsync(Recorder recorder, Mood mood, Random random)
    {
        var time = random.Milliseconds(300, 3_000);
        recorder.SetMood(mood);
        await Task.Delay(time);
        recorder.SetMood(Mood.Good);
        return $"{recorder.Log.Name}, {mood.Delay.TotalMilliseconds:0} ms each, {time.TotalSeconds:0.0} s";
    }

    /// <summary>An observer throws, and there is something to observe.</summary>
    private static async Task<string> WithObserverAsync(Subject subject, Random random)
    {
        subject.ObserverThrows = true;
        subject.Proxy.ResetAll();
        await Task.Delay(random.Milliseconds(300, 1_500));
        subject.ObserverThrows = false;
        return subject.Name;
    }
}
