namespace PgListener.Bench;

/// <summary>How far the bare reader has come, for as long as its process lasts.</summary>
internal sealed class BareReadPosition
{
    public long Last { get; set; }
}
