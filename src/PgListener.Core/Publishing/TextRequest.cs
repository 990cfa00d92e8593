using System.Data.Common;

namespace PgListener.Publishing;

/// <summary>Publishes text unchanged.</summary>
internal sealed class TextRequest : PublishRequest
{
    private readonly string? _single;
    private readonly IEnumerable<string>? _given;
    private IReadOnlyList<string>? _payloads;

    public TextRequest(string channel, string payload, DbConnection? connection, DbTransaction? transaction)
        : base(connection, transaction)
    {
        ArgumentNullException.ThrowIfNull(channel);
        ArgumentNullException.ThrowIfNull(payload);
        Channel = channel;
        _single = payload;
    }

    public TextRequest(string channel, IEnumerable<string> payloads, DbConnection? connection, DbTransaction? transaction)
        : base(connection, transaction)
    {
        ArgumentNullException.ThrowIfNull(channel);
        ArgumentNullException.ThrowIfNull(payloads);
        Channel = channel;
        _given = payloads;
    }

    public override string Channel { get; }

    public override Type? ChannelType => null;

    public override bool IsDurable => false;

    public override IReadOnlyList<object> Values => WritePayloads();

    internal override int Count => _given is null ? 1 : Many.Count;

    internal override bool IgnoresTrailingWhitespace => false;

    /// <summary>The given payloads, enumerated once.</summary>
    private IReadOnlyList<string> Many => _payloads ??= _given as IReadOnlyList<string> ?? [.. _given!];

    internal override string PayloadAt(int index)
        => _given is null ? _single! : NotNull(Many, index);

    internal override string? KeyAt(int index) => null;

    private string NotNull(IReadOnlyList<string> payloads, int index)
        => payloads[index] ?? throw new ArgumentException($"Payload {index} for channel '{Channel}' is null.", nameof(payloads));
}
