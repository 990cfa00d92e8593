namespace PgListener.Subscriptions;

/// <summary>A stretch of missing notifications, standing in the queue where they would have stood. Open, that is still growing, while it is the last item.</summary>
internal sealed class Gap(string channel, ResyncReason reason, DateTimeOffset? since, DateTimeOffset until)
{
    private ResyncReason _reason = reason;
    private DateTimeOffset? _since = since;
    private DateTimeOffset _until = until;

    public long Dropped { get; set; }

    /// <summary>Takes in a further gap that follows with no notification between.</summary>
    public void Extend(ResyncReason reason, DateTimeOffset? since, DateTimeOffset until)
    {
        _reason = reason;
        _until = until;
        if (_since > since)
            _since = since;
    }

    /// <summary>Notifications flow again.</summary>
    public void Close(DateTimeOffset until) => _until = until;

    public Resync ToResync() => new(channel, _reason, _since, _until, Dropped);
}
