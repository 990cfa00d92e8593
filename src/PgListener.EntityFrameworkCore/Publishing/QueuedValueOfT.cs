namespace PgListener.EntityFrameworkCore.Publishing;

/// <summary>A value of a channel that waits in a context.</summary>
internal sealed class QueuedValue<TChannel> : QueuedValue
    where TChannel : INotificationChannel<TChannel>
{
    private readonly TChannel? _value;
    private readonly Func<TChannel>? _createValue;

    public QueuedValue(TChannel value) => _value = value;

    public QueuedValue(Func<TChannel> createValue) => _createValue = createValue;

    public override bool IsLate => _createValue is not null;

    public override void AddTo(List<ChannelBatch> batches)
    {
        var value = _createValue is null
            ? _value!
            : _createValue() ?? throw new InvalidOperationException($"The function given to PublishAfterSave returned null instead of a {typeof(TChannel)}.");
        var batch = batches.OfType<ChannelBatch<TChannel>>().FirstOrDefault();
        if (batch is null)
            batches.Add(batch = new());
        batch.Values.Add(value);
    }
}
