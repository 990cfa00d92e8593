using PgListener.Connections;
using PgListener.Durable.Telemetry;

namespace PgListener.Durable.Membership;

/// <summary>What a session does once the subscriptions are registered: it looks, takes and releases locks, and starts, wakes and stops the runs.</summary>
internal sealed class Coordination : IDisposable
{
    /// <summary>Says what is wrong when statements reach different sessions.</summary>
    public const string BehindPooler =
        "A pooler between this process and the server gives each statement another session, so that no lock is kept. Read durable channels over a connection to the server itself, or through a pool in session mode; publishing may use this one.";

    /// <summary>How long runs may take to end after their calls were cancelled.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    /// <summary>How often to look for shards that others have yet to give up.</summary>
    private static readonly TimeSpan ShortGap = TimeSpan.FromMilliseconds(250);

    /// <summary>How many shards read for one wake-up without a look before.</summary>
    private const int MostReadings = 2;

    private readonly SessionConnection _server;
    private readonly Cluster _cluster;
    private readonly CoordinationParts _parts;
    private readonly LookSchedule _schedule;
    private readonly CancellationTokenSource _hurry;
    private readonly KeeperTurn _keeper;
    private List<Member> _members;
    private int? _pid;

    public Coordination(SessionConnection server, Cluster cluster, IReadOnlyList<RegisteredSubscription> subscriptions, CoordinationParts parts, CancellationToken abort)
    {
        _server = server;
        _cluster = cluster;
        _parts = parts;
        _schedule = new(parts.Durable.PollInterval, parts.Time);
        _hurry = CancellationTokenSource.CreateLinkedTokenSource(abort);
        _keeper = new(parts.Keep, cluster);
        _members = [.. subscriptions.Select(Join)];
        parts.Tails?.Begin(cluster);
    }

    /// <summary>Looks until it is stopped and every shard is given up, or something throws.</summary>
    /// <param name="stopping">Gives up all shards. The looks go on meanwhile, because without them the server would end the session while calls are still running.</param>
    /// <param name="abort">Cancels the calls that are still running.</param>
    public async Task RunAsync(CancellationToken stopping, CancellationToken abort)
    {
        using var onStop = stopping.UnsafeRegister(Signal, this);
        using var onAbort = abort.UnsafeRegister(Signal, this);
        while (true)
        {
            await LookAsync(stopping.IsCancellationRequested).ConfigureAwait(false);
            if (stopping.IsCancellationRequested && _members.TrueForAll(static member => member.HasLeft))
                return;
            if (abort.IsCancellationRequested)
                return;

            await RegisterAgainAsync().ConfigureAwait(false);
            await WaitAsync(stopping).ConfigureAwait(false);
        }
    }

    /// <summary>Stops what still runs, and leaves behind what does not stop. The next session does not take such a shard until its run has ended.</summary>
    public async Task EndAsync()
    {
        await _hurry.CancelAsync().ConfigureAwait(false);
        var keeping = _keeper.EndAsync();
        var left = _members.SelectMany(static member => member.Held).Where(static shard => shard.Run is not null).ToArray();
        var stops = Task.WhenAll([keeping, .. left.Select(shard => shard.LeaveAsync(_hurry.Token))]);
        await stops.WaitAsync(Grace, _parts.Time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var shard in left)
            _parts.FormerRuns.Add(shard.Id, shard.Run!, byItself: false);
        if (left.Count(static shard => !shard.Run!.Completion.IsCompleted) is > 0 and var running)
            _parts.Logger.RunsLeftBehind(running, Grace.TotalSeconds);
    }

    public void Dispose()
    {
        _hurry.Dispose();
        _keeper.Dispose();
    }

    private static void Signal(object? self) => ((Coordination)self!)._parts.WakeUps.Signal();

    private Member Join(RegisteredSubscription subscription) => new(subscription, _parts.FormerRuns, _parts.Logger);

    private async Task LookAsync(bool isStopping)
    {
        var request = new LookRequest(_cluster.Base);
        _members.ForEach(member => member.Ask(request, isStopping));
        _keeper.Ask(request, isStopping);
        _parts.Tails?.Ask(request);
        _schedule.Begin();
        _parts.State.NoteLook();

        // Not ended by the stop: the locks are to be released in an orderly way.
        var answer = await Look.ExecuteAsync(_server, request, _parts.Durable.SessionTimeout, CancellationToken.None).ConfigureAwait(false);
        if (answer.Released < request.Release.Count || answer.Left < request.Leave.Count || answer.Pid != (_pid ??= answer.Pid))
            throw new ListenerException(BehindPooler);

        foreach (var member in _members)
        {
            foreach (var shard in member.Apply(request, answer, isStopping, _hurry.Token))
                shard.Start(_parts.Runner, _cluster, _parts.WakeUps.Signal);
        }

        _keeper.Apply(answer);
        Wake(answer);
        _parts.State.IsQuiet = answer.News.Count == 0 && _members.TrueForAll(static member => member.IsQuiet);
        if (_members.Exists(static member => member.IsUrgent))
            _schedule.Hurry();
        else if (_members.Exists(static member => member.IsShort))
            _schedule.NoLaterThan(ShortGap);
    }

    private void Wake(LookAnswer answer)
    {
        if (answer.News.Count == 0)
            return;

        _parts.State.NoteNews();
        if (_parts.Tails?.Wake(answer.News) == true)
            _schedule.NoLaterThan(LookSchedule.Second);
        var news = answer.News.ToDictionary(static found => new Positions.ShardKey(found.Subscription, found.Shard), static found => found.Retries);
        foreach (var shard in _members.SelectMany(static member => member.Held).Where(shard => news.ContainsKey(shard.Id)))
        {
            // A message that is being attempted again is news as long as that takes. It ends with a reading, and hurries nothing.
            var hasRetries = news[shard.Id];
            if (shard.Wake(hasRetries) && !hasRetries)
                _schedule.NoLaterThan(LookSchedule.Second);
        }
    }

    /// <summary>Waits until the next look is due. What happens meanwhile may make that earlier.</summary>
    private async Task WaitAsync(CancellationToken stopping)
    {
        while (_schedule.Left is var left && left > TimeSpan.Zero)
        {
            if (!await _parts.WakeUps.WaitAsync(left).ConfigureAwait(false))
                continue;

            if (stopping.IsCancellationRequested || _members.Exists(static member => member.IsUrgent))
                _schedule.Hurry();
            foreach (var channel in _parts.WakeUps.Take())
                WakeUp(channel);
        }
    }

    /// <summary>Has the shards of a channel read. If many are waiting, a look costs less than a reading of each. The message may be committed a little later, so another look follows in any case.</summary>
    private void WakeUp(string channel)
    {
        _parts.State.NoteWakeUp();
        _parts.Tails?.Wake(channel);
        var shards = _members.Where(member => member.Subscription.Definition.Channel == channel).SelectMany(static member => member.Held).ToArray();
        var isLook = shards.Count(static shard => shard.IsWaiting) > MostReadings;
        foreach (var shard in shards.Where(shard => !isLook || !shard.IsWaiting))
            shard.ReadAgain();

        if (isLook)
            _schedule.Hurry();
        else
            _schedule.NoLaterThan(LookSchedule.Second);
    }

    /// <summary>Registers again what was deleted or has got another number of shards, once nothing of it is held.</summary>
    private async Task RegisterAgainAsync()
    {
        var outdated = _members.FindAll(static member => member.IsOutdated && member.HasLeft);
        if (outdated.Count == 0)
            return;

        var again = await _parts.Registrar.RegisterAsync(_server, _cluster, [.. outdated.Select(static member => member.Subscription.Definition)], changesShards: false, CancellationToken.None).ConfigureAwait(false);
        _members = [.. _members.Except(outdated), .. again.Select(Join)];
        _schedule.Hurry();
    }
}
