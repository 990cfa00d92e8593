namespace PgListener.Bench;

/// <summary>Sends what a consumer hears when it listens, and does not count.</summary>
internal interface IProbe
{
    Task SendAsync(CancellationToken cancellationToken);
}
