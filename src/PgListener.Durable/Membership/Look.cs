using System.Text.Json;
using PgListener.Connections;

namespace PgListener.Durable.Membership;

/// <summary>Looks: one statement, in one round trip.</summary>
internal static class Look
{
    /// <summary>Looks once.</summary>
    /// <param name="server">The session, to which the locks belong.</param>
    /// <param name="request">What to do and ask.</param>
    /// <param name="limit">How long the answer may take.</param>
    /// <param name="stopping">Ends the waiting.</param>
    public static async Task<LookAnswer> ExecuteAsync(SessionConnection server, LookRequest request, TimeSpan limit, CancellationToken stopping)
    {
        var rows = await server.QueryAsync(LookStatement.Text, JsonSerializer.Serialize(request, LookJson.Default.LookRequest), limit, stopping, isPrepared: true).ConfigureAwait(false);
        return JsonSerializer.Deserialize(rows[0], LookJson.Default.LookAnswer)!;
    }
}
