using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;

namespace PgListener.Durable.Tests.Publishing;

/// <summary>A connection around another one, as profilers make it, which does not support batches.</summary>
internal sealed class WrappedConnection(DbConnection connection) : DbConnection
{
    [AllowNull]
    public override string ConnectionString { get => connection.ConnectionString; set => connection.ConnectionString = value; }

    public override string Database => connection.Database;

    public override string DataSource => connection.DataSource;

    public override string ServerVersion => connection.ServerVersion;

    public override ConnectionState State => connection.State;

    public override void ChangeDatabase(string databaseName) => connection.ChangeDatabase(databaseName);

    public override void Close() => connection.Close();

    public override void Open() => connection.Open();

    protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel) => new WrappedTransaction(this, connection.BeginTransaction(isolationLevel));

    protected override DbCommand CreateDbCommand() => connection.CreateCommand();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            connection.Dispose();
        base.Dispose(disposing);
    }
}
