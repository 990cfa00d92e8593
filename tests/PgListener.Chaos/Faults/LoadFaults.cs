using PgListener.Chaos.Subjects;

namespace PgListener.Chaos.Faults;

/// <summary>What bursts do to a listener, what its subscriptions do to each other meanwhile, and what a payload can do.</summary>
internal sealed class LoadFaults(ChaosDatabase database, Cast cast, Publishers publishers)
{
    private const int HangBurst = 400;
    private const int SlowBurst = 250;
    private const int WideRounds = 20;
    private const int UnreadablePayloads = 3;
    private static readonly TimeSpan SubscribeLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan BurstInterval = TimeSpan.FromMilliseconds(700);

    /// <summary>As long as those beside it have, or a little longer.</summary>
    private static readonly TimeSpan NeighbourPatience = TimeSpan.FromSeconds(3.2);

    private static readonly TimeSpan ClogPatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan ClogTime = Settings.DetectionLimit + Settings.DetectionTolerance + TimeSpan.FromSeconds(1);

    private int _names;

    /// <summary>Does it, and heals it.</summary>
    public async Task<string?> PerformAsync(FaultKind kind, Random random)
    {
        var subject = random.Of(cast.Subjects);
        switch (kind)
        {
            case FaultKind.NeighbourHangs:
                return await HangBesideAsync(subject);
            case FaultKind.NeighbourComesAndGoes:
                return await ComeAndGoBesideAsync(subject, random);
            case FaultKind.ReadingPausedWhileBackendDies:
                return await CutWhilePausedAsync(subject);
            case FaultKind.BurstOverAllChannels:
                await Task.WhenAll(publishers.Wide.Select(BurstAsync));
                return $"{cast.Steady.Name}, {WideRounds * Settings.WideChannels.Length} notifications by {publishers.Wide.Count} writers";
            case FaultKind.UnreadablePayload:
                return await SendUnreadableAsync(random);
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, message: null);
        }
    }

    /// <summary>One that is subscribed to the same channel hangs until it has overflowed. Its queue has more room: the others have been full before it is.</summary>
    private async Task<string?> HangBesideAsync(Subject subject)
    {
        var neighbour = new Subscriber(subject, $"neighbour {++_names}", Cast.PatientChannel, new() { QueueCapacity = 128, MaxBackpressure = NeighbourPatience }, cast.Log);
        if (!await SubscribeAsync(neighbour))
            return null;

        var hang = NeighbourPatience + TimeSpan.FromSeconds(0.8);
        using var over = new CancellationTokenSource(hang);
        _ = neighbour.Recorder.Send(_ => Task.Delay(hang, CancellationToken.None));
        while (!over.IsCancellationRequested)
        {
            await publishers.Main.BurstAsync(Cast.PatientChannel, HangBurst);
            await Task.Delay(BurstInterval, over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await neighbour.EndAsync();
        return $"{neighbour.Log.Name} hangs for {hang.TotalSeconds:0.0} s";
    }

    /// <summary>While those with a long patience are slow, and so their queues full, somebody else subscribes and unsubscribes.</summary>
    private async Task<string> ComeAndGoBesideAsync(Subject subject, Random random)
    {
        var patient = cast.Recorders.Where(recorder => recorder.Subject == subject && recorder.Log.Channel == Cast.PatientChannel).ToArray();
        foreach (var recorder in patient)
            recorder.SetMood(new(TimeSpan.FromMilliseconds(5)));
        await publishers.Main.BurstAsync(Cast.PatientChannel, SlowBurst);
        var times = 0;
        using (var over = new CancellationTokenSource(TimeSpan.FromSeconds(1.5)))
        {
            while (!over.IsCancellationRequested)
            {
                using var limit = new CancellationTokenSource(SubscribeLimit);
                await subject.ComeAndGoAsync($"neighbour {++_names}", limit.Token);
                await Task.Delay(random.Milliseconds(50, 500), over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                times++;
            }
        }

        foreach (var recorder in patient)
            recorder.SetMood(Mood.Good);
        return $"{subject.Name}, {times} time(s)";
    }

    private async Task<string?> CutWhilePausedAsync(Subject subject)
    {
        var clog = new Subscriber(subject, $"clog {++_names}", Cast.PatientChannel, new() { QueueCapacity = 8, MaxBackpressure = ClogPatience }, cast.Log);
        if (!await SubscribeAsync(clog))
            return null;

        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = clog.Recorder.Send(release.Task.WaitAsync);
        await publishers.Main.BurstAsync(Cast.PatientChannel, SlowBurst);
        await Task.Delay(500);
        var process = subject.ListeningProcess;
        var isCut = process is { } id && await database.CutAsync(subject, id);
        using (var limit = new CancellationTokenSource(ClogTime))
        {
            while (isCut && !limit.IsCancellationRequested && subject.ListeningProcess == process)
                await Task.Delay(10, CancellationToken.None);
        }

        release.SetResult();
        await clog.EndAsync();
        return isCut ? $"{subject.Name}, process {process}" : null;
    }

    private static async Task BurstAsync(Publisher writer)
    {
        for (var round = 0; round < WideRounds; round++)
            await writer.SendRoundAsync();
    }

    /// <summary>The server ends each session that is to be given it: no session can hear it, and all have to hear the rest.</summary>
    private async Task<string> SendUnreadableAsync(Random random)
    {
        for (var i = 0; i < UnreadablePayloads; i++)
        {
            await database.ExecuteAsync($"select pg_notify('{random.Of(Settings.Channels)}', E'caf\\xe9')");
            await Task.Delay(TimeSpan.FromSeconds(1));
        }

        return $"{UnreadablePayloads} payloads";
    }

    private static async Task<bool> SubscribeAsync(Subscriber subscriber)
    {
        using var limit = new CancellationTokenSource(SubscribeLimit);
        return await subscriber.SubscribeAsync(limit.Token);
    }
}
