using System.Collections.Concurrent;
using PgListener.Chaos.Subjects;

namespace PgListener.Chaos.Faults;

/// <summary>What a user does at run time: subscriptions that come and go, and whatever callbacks and stops do.</summary>
internal sealed class UserFaults(Cast cast)
{
    private const int FirstComers = 4;
    private const int MostComers = 10;
    private static readonly TimeSpan SubscribeLimit = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<Subscriber, bool> _comers = [];
    private readonly ConcurrentBag<Task> _underWay = [];
    private readonly CallbackFaults _callbacks = new(cast);
    private readonly StopFaults _stops = new(cast);
    private int _names;

    /// <summary>A few that do not stay.</summary>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        for (var i = 0; i < FirstComers; i++)
            await ComeAsync(NewComer(new Random(i)), cancellationToken);
    }

    public async Task<string?> PerformAsync(FaultKind kind, Random random)
    {
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
                var host = random.Of(cast.Recorders);
                var guest = NewComer(random);
                _ = host.Send(cancellationToken => ComeAsync(guest, cancellationToken));
                return $"{guest.Log.Name} in {host.Log.Name}";
            case FaultKind.Unsubscribe:
                if (AnyComer(random) is not { } leaver)
                    return null;
                await leaver.EndAsync();
                return leaver.Log.Name;
            case FaultKind.UnsubscribeInCallback:
                if (AnyComer(random) is not { } ender)
                    return null;
                _ = ender.Recorder.Send(_ =>
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
            default:
                return kind >= FaultKind.StopAndStart ? await _stops.PerformAsync(kind, random) : await _callbacks.PerformAsync(kind, random);
        }
    }

    /// <summary>All callbacks behave, and those who are still subscribing have done so or have given up.</summary>
    public async Task HealAsync()
    {
        _callbacks.Heal();
        await Task.WhenAll(_underWay);
    }

    private Subscriber NewComer(Random random) => NewComer(random.Of(cast.Subjects), random.Of(Settings.Channels), random);

    private Subscriber NewComer(Subject subject, string channel, Random random)
    {
        SubscriptionOptions options = new()
        {
            QueueCapacity = random.Next(8, 300),
            MaxBackpressure = random.Milliseconds(0, 800),
            FullQueueMode = random.Chance(0.8) ? FullQueueMode.Wait : FullQueueMode.Drop,
        };
        return new(subject, $"comer {++_names}", channel, options, cast.Log);
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
}
