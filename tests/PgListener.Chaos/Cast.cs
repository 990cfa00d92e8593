using PgListener.Chaos.Logs;
using PgListener.Chaos.Subjects;

namespace PgListener.Chaos;

/// <summary>Everybody who takes part in a run from beginning to end: the listeners under test, and the subscriptions that stay.</summary>
internal sealed class Cast : IAsyncDisposable
{
    /// <summary>The channel with subscriptions that may hold up the reading for long, and so must not overflow because of a neighbour.</summary>
    public static readonly string PatientChannel = Settings.Channels[3];

    private readonly List<Subscriber> _stayers = [];

    private Cast(ChaosDatabase database, RunLog log)
    {
        Log = log;
        Steady = new("steady", database, borrows: false, log);
        Restarted = new("restarted", database, borrows: true, log);
        Hosted = new("hosted", database, log);
        Subjects = [Steady, Restarted, Hosted];
        foreach (var subject in Subjects)
        {
            Add("large", 0, new() { QueueCapacity = 5_000 });
            Add("small", 0, new() { QueueCapacity = 32, MaxBackpressure = TimeSpan.FromMilliseconds(200) });
            Add("bytes", 1, new() { QueueCapacityBytes = 100_000 });
            Add("dropping", 1, new() { QueueCapacity = 32, FullQueueMode = FullQueueMode.Drop });
            Add("alone", 2, new());
            Add("patient", 3, new() { QueueCapacity = 64, MaxBackpressure = TimeSpan.FromSeconds(3) });

            void Add(string kind, int channel, SubscriptionOptions options)
                => _stayers.Add(new(subject, kind, Settings.Channels[channel], options, log));
        }

        Recorders = [.. _stayers.Select(stayer => stayer.Recorder), .. Hosted.Handlers];
        foreach (var channel in Settings.WideChannels)
            _stayers.Add(new(Steady, channel, channel, new() { MaxBackpressure = TimeSpan.FromSeconds(3) }, log));
    }

    /// <summary>Where everybody records.</summary>
    public RunLog Log { get; }

    /// <summary>Runs all the time, on connections of its own, with a subscription to each of many channels besides.</summary>
    public DirectSubject Steady { get; }

    /// <summary>Is stopped and started again, on connections of somebody else's data source.</summary>
    public DirectSubject Restarted { get; }

    /// <summary>Runs in a host, with handlers besides.</summary>
    public HostedSubject Hosted { get; }

    public IReadOnlyList<Subject> Subjects { get; }

    /// <summary>What misbehaves when it is told to: those that stay on the channels with traffic, one of every kind of queue on each listener, and all handlers.</summary>
    public IReadOnlyList<Recorder> Recorders { get; }

    /// <summary>Makes everybody, and starts the listeners.</summary>
    public static async Task<Cast> StartAsync(ChaosDatabase database, RunLog log, Random random)
    {
        var cast = new Cast(database, log);
        try
        {
            foreach (var subject in cast.Subjects)
            {
                await database.AddRoleAsync(subject);
                await subject.StartAsync(random);
            }

            await Task.WhenAll(cast._stayers.Select(stayer => stayer.SubscribeAsync(CancellationToken.None)));
            return cast;
        }
        catch
        {
            await cast.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var subject in Subjects)
            await subject.DisposeAsync();
    }
}
