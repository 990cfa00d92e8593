using Microsoft.Extensions.Logging;
using PgListener.Durable.Telemetry;

namespace PgListener.Durable.Membership;

/// <summary>The membership of this session in one subscription, and the shards of it that it holds.</summary>
internal sealed class Member(RegisteredSubscription subscription, FormerRuns formerRuns, ILogger logger)
{
    private readonly Dictionary<int, HeldShard> _held = [];
    private readonly List<int> _wanted = [];
    private readonly long _key = AdvisoryKey.Of(subscription.Id, AdvisoryKey.MemberSlot);
    private bool _hasJoined;
    private bool _isPaused;
    private int _quota;

    public RegisteredSubscription Subscription => subscription;

    public IReadOnlyCollection<HeldShard> Held => _held.Values;

    /// <summary>Whether the row is gone, or has another number of shards. When nothing is held any more, the subscription is registered again.</summary>
    public bool IsOutdated { get; private set; }

    /// <summary>Whether it has nothing at the server any more.</summary>
    public bool HasLeft => _held.Count == 0 && !_hasJoined;

    /// <summary>Whether the next look has something to do.</summary>
    public bool IsUrgent => _wanted.Count > 0 || _held.Values.Any(static shard => shard.IsOver || shard.Run is null);

    /// <summary>Whether all shards of the subscription are held here, and each of them has read everything.</summary>
    public bool IsQuiet => _held.Count == subscription.Shards && _held.Values.All(static shard => shard.IsWaiting);

    /// <summary>Whether it has fewer shards than its share, because others have not given them up yet.</summary>
    public bool IsShort => _held.Count < _quota;

    /// <summary>Adds its part to a look.</summary>
    public void Ask(LookRequest request, bool isStopping)
    {
        request.Subscriptions.Add(subscription.Id);
        var isMember = !isStopping && !IsOutdated;
        if (isMember != _hasJoined)
            (isMember ? request.Join : request.Leave).Add(_key);
        foreach (var shard in _held.Values)
        {
            if (shard.IsOver)
                request.Release.Add(shard.Key);
            else if (shard.Waiting is { } waiting)
                request.Waiting.Add(waiting);
            else
                shard.ReadAgain(); // What it is reading now may be older than what this look would find.
        }

        if (!isStopping)
            _wanted.ForEach(shard => request.Take.Add(AdvisoryKey.Of(subscription.Id, shard)));
    }

    /// <summary>Takes its part of a look's answer.</summary>
    /// <returns>The shards whose lock was confirmed, so that they can be walked; those to be given up are leaving already.</returns>
    public IReadOnlyList<HeldShard> Apply(LookRequest request, LookAnswer answer, bool isStopping, CancellationToken hurry)
    {
        if (answer.Joined.Contains(_key))
            _hasJoined = true;
        if (request.Leave.Contains(_key))
            _hasJoined = false;
        foreach (var shard in _held.Values.Where(shard => request.Release.Contains(shard.Key)).ToArray())
            Forget(shard);

        var confirmed = _held.Values.Where(static shard => shard.Run is null && !shard.IsLeaving).ToArray();
        foreach (var (_, slot) in answer.Taken.Select(AdvisoryKey.Parse).Where(key => key.Subscription == subscription.Id))
            _held.Add(slot, new(subscription, slot));
        var wasPaused = _isPaused;
        Note(answer.Subscriptions.FirstOrDefault(row => row.Id == subscription.Id));
        Share(answer, isStopping);
        GiveUp(hurry);
        if (_isPaused != wasPaused)
            LogPause(); // When it is in force: no call begins after "is paused".
        return [.. confirmed.Where(static shard => !shard.IsLeaving)];
    }

    private void Forget(HeldShard shard)
    {
        _held.Remove(shard.Id.Shard);
        if (shard.Run is not { } run)
            return;

        formerRuns.Add(shard.Id, run, byItself: !shard.IsLeaving);
        if (!shard.IsLeaving)
            logger.ShardLost(shard.Id.Shard, subscription.Definition.Name, subscription.Definition.LogicalChannel);
    }

    private void Note(SeenSubscription? row)
    {
        if (row is null && !IsOutdated)
            logger.SubscriptionGone(subscription.Definition.Name, subscription.Definition.LogicalChannel, subscription.Id);
        IsOutdated |= row?.Shards != subscription.Shards;
        _isPaused = row?.Paused ?? _isPaused;
    }

    private void LogPause()
    {
        if (_isPaused)
            logger.SubscriptionPaused(subscription.Definition.Name, subscription.Definition.LogicalChannel);
        else
            logger.SubscriptionResumed(subscription.Definition.Name, subscription.Definition.LogicalChannel);
    }

    /// <summary>Computes its share, and which shards it can take. Of a paused subscription nobody has a share, so that an operation on it can take the locks.</summary>
    private void Share(LookAnswer answer, bool isStopping)
    {
        var locks = answer.Locks.Select(seen => (Key: AdvisoryKey.Parse(seen.Key), seen.Pid)).Where(seen => seen.Key.Subscription == subscription.Id).ToArray();
        var members = locks.Where(static seen => seen.Key.Slot == AdvisoryKey.MemberSlot)
            .ToDictionary(static seen => seen.Pid, seen => locks.Count(other => other.Pid == seen.Pid && other.Key.Slot != AdvisoryKey.MemberSlot));
        _quota = isStopping || IsOutdated || _isPaused ? 0 : FairShare.Of(answer.Pid, subscription.Shards, members);
        _wanted.Clear();
        if (!IsShort)
            return;

        // Several members that look at the same time begin at different places.
        var first = answer.Pid % subscription.Shards;
        var taken = locks.Select(static seen => seen.Key.Slot).ToHashSet();
        _wanted.AddRange(Enumerable.Range(0, subscription.Shards).Select(i => (first + i) % subscription.Shards)
            .Where(shard => !taken.Contains(shard) && formerRuns.Allow(new(subscription.Id, shard)))
            .Take(_quota - _held.Count));
    }

    private void GiveUp(CancellationToken hurry)
    {
        var staying = _held.Values.Where(static shard => !shard.IsLeaving && !shard.IsOver).OrderBy(static shard => shard.Run is not null).ThenByDescending(static shard => shard.Id.Shard).ToArray();
        foreach (var shard in staying.Take(staying.Length - _quota))
            _ = shard.LeaveAsync(hurry);
    }
}
