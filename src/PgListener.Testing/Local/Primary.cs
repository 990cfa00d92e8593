namespace PgListener.Testing;

/// <summary>The running server that a standby copies and follows.</summary>
/// <param name="ConnectionString">How to connect to it.</param>
/// <param name="Port">Its port.</param>
/// <param name="Password">Its password.</param>
/// <param name="DataFolder">Its data folder.</param>
internal sealed record Primary(string ConnectionString, int Port, string Password, string DataFolder);
