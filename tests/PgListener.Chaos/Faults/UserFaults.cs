using System.Collections.Concurrent;
using PgListener.Chaos.Logs;

namespace PgListener.Chaos.Faults;

/// <summary>What a user does at run time, and what his callbacks do.</summary>
internal sealed class UserFaults(IReadOnlyList<Subject> subjects, IReadOnlyList<string> channels, RunLog log)
{
    private const int FirstComers = 4;
    private const int MostComers = 10;
    private static readonly TimeSpan SubscribeLimit = TimeSpan.FromSeconds(15);

    /// <summary>Long enough to be left behind by a stop, and to return into the next run.</summary>
    private static readonly TimeSpan HangPastStop = Settings.DrainTimeout + TimeSpan.FromSeconds(2.5);

    private readonly List<Subscriber> _stayers = [];
    private readonly ConcurrentDictionary<Subscriber, bool> _comers = [];
    private readonly ConcurrentBag<Task> _underWay = [];
    private int _names;

    /// <summary>The listener that is stopped and started again; the others run all the time.</summary>
    private Subject Restarted => subjects[^1];

    /// <summary>Those that stay from beginning to end, one of every kind of queue on each listener; and a few of those that do not.</summary>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        foreach (var subject in subjects)
        {
            Add("large", 0, new() { QueueCapacity = 5_000 });
            Add("small", 0, new() { QueueCapacity = 32, MaxBackpressure = TimeSpan.FromMilliseconds(200) });
            Add("bytes", 1, new() { QueueCapacityBytes = 100_000 });
            Add("dropping", 1, new() { QueueCapacity = 32, FullQueueMode = FullQueueMode.Drop });
            Add("alone", 2, new());

            void Add(string kind, int channel, SubscriptionOptions options)
                => _stayers.Add(new(subject, $"{subject.Name}/{kind}", channels[channel], options, log));
        }

        foreach (var stayer in _stayers)
            await stayer.SubscribeAsync(cancellationToken);
        for (var i = 0; i < FirstComers; i++)
            await ComeAsync(NewComer(new Random(i)), cancellationToken);
    }

    public async Task<string?> PerformAsync(FaultKind kind, Random random)
    {
        var stayer = random.Of(_stayers);
        switch (kind)
        {
            case FaultKind.Subscribe:
                if (_comers.Count >= MostComers)
                    return null;
                var comer = NewComer(random);
                _ = ComeAsync(comer, CancellationToken.None);
                return comer.Log.Name;
            case FaultKind.SubscribeInCallback:
                if (_comers.Count >= MostComers)
                    return null;
                var guest = NewComer(random);
                _ = stayer.Send(cancellationToken => ComeAsync(guest, cancellationToken));
                return $"{guest.Log.Name} in {stayer.Log.Name}";
            case FaultKind.Unsubscribe:
                if (AnyComer(random) is not { } leaver)
                    return null;
                await leaver.EndAsync();
                return leaver.Log.Name;
            case FaultKind.UnsubscribeInCallback:
                if (AnyComer(random) is not { } ender)
                    return null;
                _ = ender.Send(_ =>
                {
                    var ending = ender.EndAsync();
                    _underWay.Add(ending);
                    return ending;
                });
                return ender.Log.Name;
            case FaultKind.Resubscribe:
                // While the server is still being told that nobody wants the channel any more.
                if (AnyComer(random) is not { } predecessor)
                    return null;
                await predecessor.EndAsync();
                await Task.Delay(random.Milliseconds(0, 4));
                var successor = NewComer(predecessor.Subject, predecessor.Log.Channel, random);
                _ = ComeAsync(successor, CancellationToken.None);
                return $"{predecessor.Log.Name}, then {successor.Log.Name}";
            case FaultKind.SlowHandler or FaultKind.ThrowingHandler:
                return $"{stayer.Log.Name}, {await InMoodAsync(stayer, kind, random)}";
            case FaultKind.HangingHandler:
                var time = random.Milliseconds(300, 4_000);
                var isPatient = random.Chance(0.5);
                _ = stayer.Send(cancellationToken => Task.Delay(time, isPatient ? cancellationToken : CancellationToken.None));
                return $"{stayer.Log.Name}, {time.TotalSeconds:0.0} s, {(isPatient ? "until cancelled" : "regardless of its token")}";
            case FaultKind.QueryInCallback:
                _ = stayer.SendQuery(random.Next());
                return stayer.Log.Name;
            case FaultKind.StopAndStart:
                return await StopAndStartAsync(random);
            case FaultKind.StopAndStartWhileHanging:
                return await StopAndStartWhileHangingAsync(random);
            case FaultKind.StopAndStartWhileFrozen:
                // Toward the server only: what the server sends is still being read when the connection is given up.
                Restarted.Proxy.FreezeToServer();
                await Task.Delay(random.Milliseconds(0, 500));
                await Restarted.StopAsync(inHurry: false);
                Restarted.Proxy.Thaw();
                Restarted.Start();
                return Restarted.Name;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, message: null);
        }
    }

    /// <summary>All callbacks behave, and whoever is still subscribing has done so or has given up.</summary>
    public async Task HealAsync()
    {
        _stayers.ForEach(stayer => stayer.SetMood(Mood.Good));
        await Task.WhenAll(_underWay);
    }

    private Subscriber NewComer(Random random) => NewComer(random.Of(subjects), random.Of(channels), random);

    private Subscriber NewComer(Subject subject, string channel, Random random)
    {
        SubscriptionOptions options = new()
        {
            QueueCapacity = random.Next(8, 300),
            MaxBackpressure = random.Milliseconds(0, 800),
            FullQueueMode = random.Chance(0.8) ? FullQueueMode.Wait : FullQueueMode.Drop,
        };
        return new(subject, $"{subject.Name}/comer {++_names}", channel, options, log);
    }

    private Task ComeAsync(Subscriber comer, CancellationToken cancellationToken)
    {
        var coming = ComeCoreAsync(comer, cancellationToken);
        _underWay.Add(coming);
        return coming;
    }

    private async Task ComeCoreAsync(Subscriber comer, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(SubscribeLimit);
        if (await comer.SubscribeAsync(limit.Token))
            _comers[comer] = true;
    }

    private Subscriber? AnyComer(Random random)
    {
        var comers = _comers.Keys.OrderBy(comer => comer.Log.Name, StringComparer.Ordinal).ToArray();
        return comers.Length > 0 && random.Of(comers) is var chosen && _comers.TryRemove(chosen, out _) ? chosen : null;
    }

    private static async Task<string> InMoodAsync(Subscriber subscriber, FaultKind kind, Random random)
    {
        var mood = kind == FaultKind.ThrowingHandler ? new Mood(TimeSpan.Zero, Throws: true) : new Mood(random.Milliseconds(5, 60), Throws: false);
        var time = random.Milliseconds(300, 3_000);
        subscriber.SetMood(mood);
        await Task.Delay(time);
        subscriber.SetMood(Mood.Good);
        return $"{mood.Delay.TotalMilliseconds:0} ms each, {time.TotalSeconds:0.0} s";
    }

    private async Task<string> StopAndStartAsync(Random random)
    {
        var inHurry = random.Chance(0.3);
        await Restarted.StopAsync(inHurry);
        await Task.Delay(random.Milliseconds(0, 800));
        await Restarted.StartAsync(random);
        return Restarted.Name + (inHurry ? ", in a hurry" : "");
    }

    private async Task<string?> StopAndStartWhileHangingAsync(Random random)
    {
        var stayer = random.Of(_stayers.FindAll(stayer => stayer.Subject == Restarted));
        var hangs = stayer.Send(_ => Task.Delay(HangPastStop, CancellationToken.None));
        if (await Task.WhenAny(hangs, Task.Delay(TimeSpan.FromSeconds(3))) != hangs)
            return null; // Nothing has arrived for it. The errand remains, for later.

        await Task.Delay(random.Milliseconds(0, 500));
        await Restarted.StopAsync(inHurry: random.Chance(0.3));
        Restarted.Start();
        return $"{Restarted.Name}, while {stayer.Log.Name} hangs for {HangPastStop.TotalSeconds:0.0} s";
    }
}
