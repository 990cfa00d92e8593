using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;

namespace PgListener.IntegrationTests;

/// <summary>A command around another one.</summary>
internal sealed class ProfiledCommand(ProfiledConnection connection, DbCommand command) : DbCommand
{
    [AllowNull]
    public override string CommandText { get => command.CommandText; set => command.CommandText = value; }

    public override int CommandTimeout { get => command.CommandTimeout; set => command.CommandTimeout = value; }

    public override CommandType CommandType { get => command.CommandType; set => command.CommandType = value; }

    public override bool DesignTimeVisible { get => command.DesignTimeVisible; set => command.DesignTimeVisible = value; }

    public override UpdateRowSource UpdatedRowSource { get => command.UpdatedRowSource; set => command.UpdatedRowSource = value; }

    protected override DbConnection? DbConnection { get => connection; set => throw new NotSupportedException(); }

    protected override DbParameterCollection DbParameterCollection => command.Parameters;

    protected override DbTransaction? DbTransaction { get; set; }

    public override void Cancel() => command.Cancel();

    public override int ExecuteNonQuery() => Seen().ExecuteNonQuery();

    public override object? ExecuteScalar() => Seen().ExecuteScalar();

    public override void Prepare() => command.Prepare();

    protected override DbParameter CreateDbParameter() => command.CreateParameter();

    protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) => Seen().ExecuteReader(behavior);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            command.Dispose();
        base.Dispose(disposing);
    }

    private DbCommand Seen()
    {
        connection.Executed.Add(command.CommandText);
        return command;
    }
}
