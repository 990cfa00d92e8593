using System.Data.Common;

namespace PgListener.Publishing;

/// <summary>Publishes values of a channel's type.</summary>
internal sealed class ValuesRequest<TChannel> : PublishRequest
    where TChannel : INotificationChannel<TChannel>
{
    private readonly TChannel? _single;
    private readonly IEnumerable<TChannel>? _given;
    private IReadOnlyList<TChannel>? _values;

    public ValuesRequest(TChannel value, DbConnection? connection, DbTransaction? transaction)
        : base(connection, transaction)
    {
        if (value is null)
            throw new ArgumentNullException(nameof(value));
        _single = value;
    }

    public ValuesRequest(IEnumerable<TChannel> values, DbConnection? connection, DbTransaction? transaction)
        : base(connection, transaction)
    {
        ArgumentNullException.ThrowIfNull(values);
        _given = values;
    }

    public override string Channel => TChannel.ChannelName;

    public override Type ChannelType => typeof(TChannel);

    public override bool IsDurable => TChannel.IsDurable;

    public override IReadOnlyList<object> Values
    {
        get
        {
            var values = new object[Count];
            for (var i = 0; i < values.Length; i++)
                values[i] = ValueAt(i);
            return values;
        }
    }

    internal override int Count => _given is null ? 1 : Many.Count;

    internal override bool IgnoresTrailingWhitespace => TChannel.IgnoresTrailingWhitespace;

    /// <summary>The given values, enumerated once.</summary>
    private IReadOnlyList<TChannel> Many => _values ??= _given as IReadOnlyList<TChannel> ?? [.. _given!];

    internal override string PayloadAt(int index)
        => TChannel.Format(ValueAt(index)) ?? throw new InvalidOperationException($"{typeof(TChannel)}.Format returned null; an empty payload is \"\".");

    internal override string? KeyAt(int index) => TChannel.KeyOfMessage(ValueAt(index));

    private TChannel ValueAt(int index)
        => _given is null ? _single! : NotNull(Many, index);

    private TChannel NotNull(IReadOnlyList<TChannel> values, int index)
        => values[index] ?? throw new ArgumentException($"Value {index} for channel '{Channel}' is null.", nameof(values));
}
