using System.Runtime.CompilerServices;
using PgListener.Durable.Log;
using PgListener.Registration;
using PgListener.Subscriptions;

namespace PgListener.Durable.Streams;

/// <summary>One stream: catches up from the log, then takes what the tail reads; when it is too slow for that, it catches up again.</summary>
/// <param name="channel">The channel's name in the application.</param>
/// <param name="options">Its settings.</param>
/// <param name="limits">How much it may leave at the tail.</param>
/// <param name="feed">The channel's tail, and what belongs to it.</param>
/// <param name="time">The clock.</param>
internal sealed class DurableStream(string channel, SubscriptionOptions options, QueueLimits limits, StreamFeed feed, TimeProvider time)
{
    private readonly SubscriptionCounters _counters = new(time);
    private readonly string _name = options.Name ?? "A reader";
    private Seat _seat = new(limits);
    private DateTimeOffset? _readAt;
    private Resync? _lastGap;

    public SubscriptionCounters Counters => _counters;

    public SubscriptionStatistics Statistics
    {
        get
        {
            var (messages, length) = Volatile.Read(ref _seat).Fill;
            return new()
            {
                Name = _name,
                Channel = channel,
                Received = _counters.Received,
                Processed = _counters.Processed,
                Failed = _counters.Failed,
                LastFailedAt = _counters.LastFailedAt,
                Gaps = _counters.Gaps,
                LastGap = _lastGap,
                Queued = messages,
                QueuedBytes = length,
                QueueCapacity = limits.Capacity,
                QueueCapacityBytes = limits.CapacityBytes,
            };
        }
    }

    /// <summary>Reads until it is cancelled.</summary>
    public async IAsyncEnumerable<DurableStreamItem> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Boundary? before = null;
        LogPosition? position = null;
        string? told = null;
        while (true)
        {
            var seat = new Seat(limits);
            Volatile.Write(ref _seat, seat);
            feed.Tail.Ask(seat);
            try
            {
                var boundary = await seat.Taken.WaitAsync(cancellationToken).ConfigureAwait(false);
                if (before is null)
                    position = Begin(boundary);
                else if (before.Epoch != boundary.Epoch)
                    position = null;
                if (position is null)
                {
                    yield return await AnnounceAsync(before is null ? ResyncReason.Started : ResyncReason.Reconnected, boundary.Tokens, boundary.Position, cancellationToken).ConfigureAwait(false);
                    position = boundary.Position;
                }

                before = boundary;
                var pages = PagesAsync(boundary, position, seat, cancellationToken);
                await foreach (var page in pages.ConfigureAwait(false))
                {
                    if (page.Removal is { } removal && removal != told)
                    {
                        told = removal;
                        feed.Problems.NoteOvertaken(_name);
                        yield return await AnnounceAsync(ResyncReason.Retention, boundary.Tokens, page.ReadAt, cancellationToken).ConfigureAwait(false);
                    }

                    for (var i = 0; i < page.Page.Messages.Count; i++)
                    {
                        cancellationToken.ThrowIfCancellationRequested();
                        _counters.Receive();
                        yield return new(Gap: null, StreamedMessage.Of(page, i, channel, boundary.Tokens), page.Page.Messages[i].Payload);
                        _counters.Process(1);
                    }

                    position = page.After;
                    _readAt = time.GetUtcNow();
                }

                position = seat.LostAt ?? position;
            }
            finally
            {
                feed.Tail.Leave(seat);
            }
        }
    }

    /// <summary>Where it begins.</summary>
    /// <returns><see langword="null"/> for now.</returns>
    private LogPosition? Begin(Boundary boundary)
    {
        if (options.StartAfter is not { } token)
            return null;

        var position = boundary.Tokens.Read(token);
        if (position is null)
            feed.Problems.NoteUnknown(_name);
        return position;
    }

    private async Task<DurableStreamItem> AnnounceAsync(ResyncReason reason, PositionTokens tokens, LogPosition at, CancellationToken cancellationToken)
    {
        var gap = new Resync(channel, reason, _readAt, time.GetUtcNow()) { Position = tokens.Write(at) };
        _counters.Announce(reason);
        if (reason != ResyncReason.Started)
            _lastGap = gap;
        if (options.OnResync is { } onResync)
            await onResync(gap, cancellationToken).ConfigureAwait(false);
        return new(gap, Message: null, Payload: null);
    }

    /// <summary>The pages up to the boundary, from the log, and those after it, from the tail, until it has lost its place or the epoch is over.</summary>
    private async IAsyncEnumerable<StreamPage> PagesAsync(Boundary boundary, LogPosition position, Seat seat, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (position.Upto is not null || position.Seen != boundary.Position.Seen)
        {
            // A window that was begun earlier is read to its end first.
            var at = position.Upto is null ? position.Within(boundary.Position.Seen, lastId: 0, []) : position;
            if (await feed.ReadAsync(boundary.Epoch, at, limits.Capacity, cancellationToken).ConfigureAwait(false) is not { } page)
                yield break;

            position = page.After;
            if (page.IsWorthReading)
                yield return page;
        }

        while (await seat.NextAsync(cancellationToken).ConfigureAwait(false) is { } page)
            yield return page;
    }
}
